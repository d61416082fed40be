import type { Catalog } from "../catalog";

export default {
  Account: "Konto",
  "After the next sign-in on this browser you can choose or drop the same files again to go on.":
    "Nach der nächsten Anmeldung in diesem Browser kannst du dieselben Dateien wieder wählen oder ablegen, um weiterzumachen.",
  "As in this browser's settings": "Wie im Browser eingestellt",
  "Attempt limit exceeded, please try after some time.": "Zu viele Versuche. Versuch es später noch einmal.",
  Back: "Zurück",
  "Change the password": "Passwort ändern",
  "Change your password": "Dein Passwort ändern",
  "Copy the ID": "ID kopieren",
  "The browser does not allow it. Copy the ID by hand.": "Der Browser erlaubt es nicht. Kopiere die ID von Hand.",
  "Whoever runs this gallery needs it to hand your photos over or to delete them.":
    "Wer diese Galerie betreibt, braucht sie, um deine Fotos zu übergeben oder zu löschen.",
  "Your owner ID": "Deine Besitzer-ID",
  "Choose a new password": "Wähle ein neues Passwort",
  "Close account": "Konto schließen",
  Code: "Code",
  "Code from your authenticator app": "Code aus deiner Authenticator-App",
  "Enter your password to go on. Uploads go on too.":
    "Gib dein Passwort ein, um weiterzumachen. Auch die Uploads gehen weiter.",
  "Forgot your password?": "Passwort vergessen?",
  "If the account has an email address, a code is on its way to it.":
    "Falls das Konto eine E-Mail-Adresse hat, ist ein Code dorthin unterwegs.",
  "Incorrect username or password.": "Benutzername oder Passwort ist falsch.",
  "Invalid code provided, please request a code again.": "Der Code gilt nicht mehr. Fordere einen neuen an.",
  "Invalid code received for user": "Der Code ist falsch.",
  "Invalid verification code provided, please try again.": "Der Code ist falsch. Versuch es noch einmal.",
  Language: "Sprache",
  "New password": "Neues Passwort",
  Password: "Passwort",
  "Password attempts exceeded": "Zu viele Versuche. Versuch es später noch einmal.",
  "Password did not conform with policy: Password must have lowercase characters":
    "Das Passwort braucht Kleinbuchstaben.",
  "Password did not conform with policy: Password must have numeric characters": "Das Passwort braucht Ziffern.",
  "Password did not conform with policy: Password must have symbol characters": "Das Passwort braucht Sonderzeichen.",
  "Password did not conform with policy: Password must have uppercase characters":
    "Das Passwort braucht Großbuchstaben.",
  "Password did not conform with policy: Password not long enough": "Das Passwort ist zu kurz.",
  "Send a code": "Code senden",
  "Sign in": "Anmelden",
  "Sign out": "Abmelden",
  "Sign out and stop the uploads?": "Abmelden und die Uploads abbrechen?",
  "Signing in…": "Anmeldung läuft …",
  "Somebody else has signed in on this browser. Load the page again.":
    "In diesem Browser hat sich jemand anders angemeldet. Lade die Seite neu.",
  Stay: "Bleiben",
  "Stay signed in on this browser": "In diesem Browser angemeldet bleiben",
  "Temporary password has expired and must be reset by an administrator.":
    "Das vorläufige Passwort ist abgelaufen. Wer die Galerie betreibt, kann dir ein neues geben.",
  "The gallery cannot start": "Die Galerie kann nicht starten",
  "The password is changed.": "Das Passwort ist geändert.",
  "This gallery runs on an embedded AWS on this computer. Its only account is filled in.":
    "Diese Galerie läuft mit einem eingebetteten AWS auf diesem Rechner. Ihr einziges Konto ist schon eingetragen.",
  "User does not exist.": "Dieses Konto gibt es nicht.",
  "User is disabled.": "Dieses Konto ist gesperrt.",
  "User name": "Benutzername",
  "User name or email": "Benutzername oder E-Mail",
  "Your photos are private: sign in to see them.": "Deine Fotos sind privat: Melde dich an, um sie zu sehen.",
  "Your session has ended": "Deine Sitzung ist abgelaufen",
  "{count} photos have not been sent.": {
    one: "{count} Foto ist noch nicht gesendet.",
    other: "{count} Fotos sind noch nicht gesendet.",
  },
} satisfies Catalog;
