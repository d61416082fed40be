import type { Aws } from "../aws";
import { t } from "../language";

/** Say why photos cannot be added, moved or deleted, in a gallery that only reads them. */
export function readOnlyInWords({ config, owner }: Aws): string {
  const only = config.key_layout?.owner;
  return only === undefined || only === owner
    ? t("This gallery only reads its photos: they cannot be added, moved or deleted here.")
    : t("The photos of this gallery belong to another user.");
}
