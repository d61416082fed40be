import { useEffect } from "preact/hooks";
import { useApp, useKept } from "../app";
import { t } from "../language";
import { Loading } from "../loading";
import { MonthList } from "../months";
import { href } from "../routes";
import { Empty } from "./empty";
import { Failure } from "./failure";
import { Grid } from "./grid";
import { readOnlyInWords } from "./read-only";

export function Timeline({ year }: { year?: string | undefined }) {
  const { aws, gallery } = useApp();
  const list = useKept("photos", () => new MonthList(gallery, year));
  const years = useKept("years", () => new Loading(() => counted(list)));

  useEffect(() => {
    if (years.value.peek() !== undefined) void recount(list).catch(() => undefined); // the counts are a guide
  }, [years]);

  /** Follow what has changed while another view was on the page. */
  async function recount(photos: MonthList): Promise<void> {
    photos.count(await gallery.months(), { isAll: photos.isCounted });
  }

  async function counted(photos: MonthList): Promise<string[]> {
    const counts = await gallery.months();
    photos.count(counts);
    const known = new Set([...counts.keys()].map(yearOf));
    const oldest = await gallery.oldestMonth();
    if (oldest === undefined || counts.has(oldest)) {
      photos.count(counts, { isAll: true });
      return [...known];
    }
    // Photos that were processed before there were counts: at least their years can be gone to.
    const all = await gallery.years();
    photos.count(new Map(all.filter((one) => !known.has(one)).map((one) => [`${one}-12`, undefined])));
    return all;
  }

  const read = list.sections.value.filter(({ cards }) => cards.length > 0).map(({ key }) => yearOf(key));
  const shown = [...new Set([...(years.value.value ?? []), ...read])].sort().reverse();
  return (
    <>
      <h1 class="unseen">{t("Timeline")}</h1>
      <nav class="years" aria-label={t("Years")}>
        <a href={href({ view: "timeline" })} aria-current={year === undefined ? "page" : undefined}>
          {t("All")}
        </a>
        {shown.map((one) => (
          <a key={one} href={href({ view: "timeline", argument: one })} aria-current={one === year ? "page" : undefined}>
            {one}
          </a>
        ))}
      </nav>
      {years.error.value && <Failure message={t("Years: {error}", { error: years.error.value })} onRetry={years.load} />}
      <Grid
        list={list}
        months
        empty={
          year === undefined ? (
            <Empty>
              {aws.isReadOnly ? readOnlyInWords(aws) : t("No photos yet. Drop photos anywhere on this page, or choose Add photos.")}
            </Empty>
          ) : (
            <Empty back={{ view: "timeline" }} name={t("See all years")}>
              {t("There are no photos of the year “{year}”.", { year })}
            </Empty>
          )
        }
      />
    </>
  );
}

function yearOf(month: string): string {
  return month.slice(0, 4);
}
