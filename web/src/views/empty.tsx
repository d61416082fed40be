import type { ComponentChildren } from "preact";
import { href, type Route } from "../routes";

/** Says that there is nothing to show, and leads back. */
export function Empty({ children, back, name }: { children: ComponentChildren; back?: Route; name?: string }) {
  return (
    <div class="empty">
      <p>{children}</p>
      {back && (
        <p>
          <a href={href(back)}>{name}</a>
        </p>
      )}
    </div>
  );
}
