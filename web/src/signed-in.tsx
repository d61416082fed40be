/** The page after the sign-in. It is not loaded before. */

import { App, AppContext } from "./app";
import { Aws } from "./aws";
import type { Config } from "./config";
import { Shell } from "./views/shell";

export interface SignedIn {
  owner: string;
  View: (props: { onSignOut: () => void }) => preact.JSX.Element;
  /** Follow the connection, and show what an earlier page did not end. */
  open: () => Promise<void>;
  /** Let the operator know which user this owner is, after a password was entered. Nobody is told if that fails. */
  introduce: () => void;
  close: () => void;
}

export function signedIn(config: Config, owner: string): SignedIn {
  const app = new App(new Aws(config, owner));
  return {
    owner,
    View: ({ onSignOut }) => (
      <AppContext.Provider value={app}>
        <Shell onSignOut={onSignOut} />
      </AppContext.Provider>
    ),
    open: () => app.open(),
    introduce: () => {
      if (app.aws.canEdit) void app.aws.introduce().catch(() => undefined); // the next sign-in does it
    },
    close: () => app.close(),
  };
}
