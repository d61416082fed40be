import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { useApp, useKept } from "../app";
import { t } from "../language";
import { Loading } from "../loading";
import { Shares, type Share } from "../shares";
import { instant } from "../words";
import { ConfirmButton } from "./confirm";
import { CopyLink } from "./copy";
import { Empty } from "./empty";
import { Failure } from "./failure";
import "./share.css";

/** The links by which one shares photos. */
export default function SharesView() {
  const { aws, gallery } = useApp();
  const shares = useMemo(() => new Shares(aws, gallery), [aws, gallery]);
  const list = useKept("shares", () => new Loading(() => shares.list()));
  const app = useApp();
  useEffect(() => {
    if (list.value.peek()) void list.load(); // there may be new ones
  }, [list]);

  async function withdraw({ path, manifest }: Share): Promise<void> {
    await shares.withdraw(path);
    list.value.value = list.value.value?.filter((one) => one.path !== path);
    app.news.value = t("{title} is withdrawn.", { title: manifest?.title || t("The share") });
    document.getElementById("content")?.focus({ preventScroll: true }); // the button disappears
  }

  return (
    <>
      <h1>{t("Shared links")}</h1>
      <p class="lead quiet">
        {t(
          "Everyone who has a link sees its pictures until it expires or you withdraw it. A browser that has shown a picture may show it for five more minutes; whoever saved it keeps it.",
        )}
      </p>
      {list.error.value && <Failure message={list.error.value} onRetry={list.load} />}
      {list.value.value?.length === 0 && (
        <Empty back={{ view: "albums" }} name={t("See all albums to share one")}>
          {t("You share nothing by a link.")}
        </Empty>
      )}
      <ul class="shares">
        {list.value.value?.map((share) => (
          <li key={share.path} class="card">
            <Cover share={share} />
            <div class="what">
              <h2 dir="auto">{share.manifest ? share.manifest.title || t("Shared photos") : t("Not complete")}</h2>
              {share.manifest ? (
                <p class="quiet">
                  {t({ one: "{count} photo", other: "{count} photos" }, { count: share.manifest.pictures.length })}
                  {" · "}
                  {t("until {time}", { time: instant(share.manifest.expiresAt) })}
                </p>
              ) : (
                <p class="quiet">{t("Nobody can see it: it was stopped in the middle. Its copies can be deleted.")}</p>
              )}
              {share.manifest && (
                <a class="quiet" href={share.link} target="_blank" rel="noreferrer">
                  {t("Open it as others see it")}
                </a>
              )}
              {share.manifest && <CopyLink share={share} />}
              <ConfirmButton
                class="danger"
                label={t("Withdraw {title}", { title: share.manifest?.title || t("Shared photos") })}
                question={t("Withdraw this link?")}
                yes={t("Yes, withdraw")}
                onYes={() => withdraw(share)}
              >
                {t("Withdraw")}
              </ConfirmButton>
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

function Cover({ share: { path, manifest } }: { share: Share }) {
  const { aws } = useApp();
  const url = useSignal("");
  const file = manifest?.pictures[0]?.thumb.file;
  useEffect(() => {
    if (!file) return;
    void aws.sharedUrl(`shares/${path}/${file}`).then(
      (found) => (url.value = found),
      () => undefined, // the list has its title
    );
  }, [aws, path, file]);
  return <div class="cover">{url.value && <img src={url.value} alt="" />}</div>;
}
