import type { Chip } from "../terms";
import { AlbumsIcon, Icon, PersonIcon, SearchIcon } from "./icons";

const PlaceIcon = () => (
  <Icon>
    <path d="M12 21c5-5.500 7-8.500 7-11.500a7 7 0 0 0-14 0C5 12.500 7 15.500 12 21z" />
    <circle cx="12" cy="9.500" r="2.200" />
  </Icon>
);
const CameraIcon = () => (
  <Icon>
    <path d="M4 8h3l2-3h6l2 3h3v11H4z" />
    <circle cx="12" cy="13" r="3.500" />
  </Icon>
);
const LabelIcon = () => (
  <Icon>
    <path d="M3 12V4h8l10 10-8 7zM7.500 8v.500" />
  </Icon>
);
const KeywordIcon = () => (
  <Icon>
    <path d="M9 4 7 20M17 4l-2 16M4 9h16M4 15h16" />
  </Icon>
);
const WordIcon = () => (
  <Icon>
    <path d="M4 6h16M4 11h16M4 16h10" />
  </Icon>
);
const TimeIcon = () => (
  <Icon>
    <rect x="4" y="5" width="16" height="15" rx="2" />
    <path d="M4 10h16M8 3v4M16 3v4" />
  </Icon>
);

const ICONS: Record<Chip["kind"], () => preact.JSX.Element> = {
  person: PersonIcon,
  keyword: KeywordIcon,
  city: PlaceIcon,
  region: PlaceIcon,
  country: PlaceIcon,
  place: PlaceIcon,
  camera: CameraIcon,
  label: LabelIcon,
  word: WordIcon,
  any: SearchIcon,
  album: AlbumsIcon,
  in: TimeIcon,
  before: TimeIcon,
  after: TimeIcon,
};

export function KindIcon({ kind }: { kind: Chip["kind"] }) {
  const Shown = ICONS[kind];
  return <Shown />;
}
