import type { Selection } from "../selection";
import type { Trash } from "../trash";

/** Delete the selected photos; the person is asked before, if they cannot be restored. */
export function deleteSelected(selection: Selection, trash: Trash): void {
  if (!trash.isKept) {
    selection.asked.value = "delete";
    return;
  }
  document.getElementById("content")?.focus({ preventScroll: true }); // the focused tile or bar disappears
  trash.deleteAll([...selection.chosen.peek().keys()]);
}
