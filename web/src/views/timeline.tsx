import { useSignal, useSignalEffect } from "@preact/signals";
import { useApp, useKept } from "../app";
import { PhotoList } from "../lists";
import { Loading } from "../loading";
import { href } from "../routes";
import { Empty } from "./empty";
import { Failure } from "./failure";
import { Grid } from "./grid";

export function Timeline({ year }: { year?: string | undefined }) {
  const { gallery, latest } = useApp();
  const found = useKept("years", () => new Loading(() => gallery.years()));
  const uploaded = useSignal<readonly string[]>([]);
  const years = [...new Set([...(found.value.value ?? []), ...uploaded.value])].sort().reverse();
  const list = useKept(
    "photos",
    () => new PhotoList(gallery.timeline(year), "newest", ({ sortTime }) => sortTime.startsWith(year ?? "")),
  );
  useSignalEffect(() => {
    if (latest.value?.sortTime) uploaded.value = [...uploaded.peek(), latest.value.sortTime.slice(0, 4)];
  });

  return (
    <>
      <h1 class="unseen">Timeline</h1>
      <nav class="years" aria-label="Years">
        <a href={href({ view: "timeline" })} aria-current={year === undefined ? "page" : undefined}>
          All
        </a>
        {years.map((one) => (
          <a key={one} href={href({ view: "timeline", argument: one })} aria-current={one === year ? "page" : undefined}>
            {one}
          </a>
        ))}
      </nav>
      {found.error.value && <Failure message={`Years: ${found.error.value}`} onRetry={found.load} />}
      <Grid
        list={list}
        months
        empty={
          year === undefined ? (
            <Empty>No photos yet. Drop photos anywhere on this page, or choose Add photos.</Empty>
          ) : (
            <Empty back={{ view: "timeline" }} name="See all years">
              There are no photos of the year “{year}”.
            </Empty>
          )
        }
      />
    </>
  );
}
