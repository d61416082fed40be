import { Icon } from "./icons";

export const DownloadIcon = () => (
  <Icon>
    <path d="M12 4v12m0 0 5-5m-5 5-5-5M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3" />
  </Icon>
);
export const FolderIcon = () => (
  <Icon>
    <path d="M3 7a2 2 0 0 1 2-2h4l2 2h8a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2zM9 13.5h6m0 0-2.5-2.5m2.5 2.5L12.500 16" />
  </Icon>
);
export const CoverIcon = () => (
  <Icon>
    <path d="M4 5h16v14H4zM12 8.500l1.200 2.300 2.600.4-1.900 1.800.5 2.600-2.400-1.200-2.400 1.200.5-2.600-1.900-1.800 2.600-.4z" />
  </Icon>
);
export const KeywordsIcon = () => (
  <Icon>
    <path d="M9 4 7 20M17 4l-2 16M4 9h17M3 15h17" />
  </Icon>
);
export const LabelIcon = () => (
  <Icon>
    <path d="M3 12V4a1 1 0 0 1 1-1h8l9 9-9 9zM8 8v.01M3 21 21 3" />
  </Icon>
);
export const ShareIcon = () => (
  <Icon>
    <circle cx="6" cy="12" r="2.6" />
    <circle cx="18" cy="5.500" r="2.6" />
    <circle cx="18" cy="18.500" r="2.6" />
    <path d="m8.300 10.800 7.400-4M8.300 13.200l7.400 4" />
  </Icon>
);
