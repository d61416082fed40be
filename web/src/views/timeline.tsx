import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { useApp } from "../app";
import { PhotoList } from "../lists";
import { href } from "../routes";
import { Grid } from "./grid";

export function Timeline({ year }: { year?: string | undefined }) {
  const { gallery, latest } = useApp();
  const years = useSignal<readonly string[]>([]);
  const list = useMemo(
    () => new PhotoList(gallery.timeline(year), "newest", ({ sortTime }) => sortTime.startsWith(year ?? "")),
    [gallery, year],
  );
  const add = (found: readonly string[]) => {
    years.value = [...new Set([...years.peek(), ...found])].sort().reverse();
  };
  useEffect(() => void gallery.years().then(add, () => undefined), [gallery]);
  useSignalEffect(() => add(latest.value?.sortTime ? [latest.value.sortTime.slice(0, 4)] : []));

  return (
    <>
      <h1 class="unseen">Timeline</h1>
      <nav class="years" aria-label="Years">
        <a href={href({ view: "timeline" })} aria-current={year === undefined ? "page" : undefined}>
          All
        </a>
        {years.value.map((one) => (
          <a key={one} href={href({ view: "timeline", argument: one })} aria-current={one === year ? "page" : undefined}>
            {one}
          </a>
        ))}
      </nav>
      <Grid list={list} months empty="No photos yet. Drop photos anywhere on this page, or choose Add photos." />
    </>
  );
}
