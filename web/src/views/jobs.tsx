import { useApp } from "../app";
import type { Job } from "../jobs";
import { t } from "../language";
import "./jobs.css";

/** The work on many photos that runs, and the photos that failed in it. */
export function JobCards() {
  const { jobs } = useApp();
  return (
    <div class="jobs">
      {jobs.shown.value.map((job, index) => (
        <JobCard key={index} job={job} />
      ))}
    </div>
  );
}

function JobCard({ job }: { job: Job }) {
  const { jobs } = useApp();
  const { total, ended, failed, running, detail, wording } = job;
  const progress = t("{done} of {all}", { done: ended.value, all: total.value });
  const focusList = () => document.getElementById("content")?.focus({ preventScroll: true }); // the button disappears
  return (
    <section class="job card" aria-label={wording.title}>
      {running.value && (
        <>
          <p>
            <b>{wording.title}</b> <span class="quiet">{[progress, detail.value].filter(Boolean).join(" · ")}</span>
          </p>
          <progress max={total.value} value={ended.value} aria-label={wording.title} />
          <button
            onClick={() => {
              focusList();
              job.cancel();
            }}
          >
            {t("Cancel")}
          </button>
        </>
      )}
      {failed.value.length > 0 && (
        <>
          <p class="bad" role="alert">
            {wording.failed(failed.value.length)}
          </p>
          <ul class="said">
            {failed.value.map(({ path, message }) => (
              <li key={path}>
                <bdi>{path}</bdi>: {message}
              </li>
            ))}
          </ul>
          {!running.value && (
            <div class="buttons">
              <button
                onClick={() => {
                  focusList();
                  jobs.tryAgain(job);
                }}
              >
                {t("Try again")}
              </button>
              <button
                class="plain"
                onClick={() => {
                  focusList();
                  jobs.dismiss(job);
                }}
              >
                {t("Close")}
              </button>
            </div>
          )}
        </>
      )}
    </section>
  );
}
