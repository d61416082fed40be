import { useApp } from "../app";
import { t } from "../language";
import { openShare, type Sharing } from "../sharing";
import { ShareIcon } from "./icons";

/** The way to the dialog that shares photos; nothing if nobody may share. */
export function ShareButton(wanted: Sharing) {
  const app = useApp();
  if (!app.aws.sharesUrl) return null;
  return (
    <button type="button" onClick={() => openShare(app, wanted)}>
      <ShareIcon /> {t("Share")}
    </button>
  );
}
