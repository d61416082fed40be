/**
 * The views and dialogs that are loaded while the browser has nothing else to do, or when they are first needed.
 *
 * They are one file: Brotli makes far less of many small ones.
 */

export { AccountDialog } from "./account-dialog";
export { AlbumPage, Albums } from "./albums";
export { EditForm } from "./edit";
export { JobCards } from "./jobs";
export { MovingViews } from "./moving";
export { PhotoMap } from "./photo-map";
export { Problems } from "./problems";
export { Search } from "./search";
export { SelectionBar } from "./selection-bar";
export { default as ShareDialog } from "./share";
export { default as Shares } from "./shares";
export { TrashView } from "./trash";
export { UploadPanel } from "./uploads";
