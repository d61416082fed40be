import type { FunctionComponent } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../language";
import { Loading } from "../loading";
import { persist } from "../retry";
import { Failure } from "./failure";
import "./later.css";

type Load<Props> = () => Promise<FunctionComponent<Props>>;

// In an object, since a signal would not tell a component from a function that makes its value.
const loadings = new WeakMap<Load<never>, Loading<{ View: unknown }>>();

/**
 * A view that is loaded when it is first needed.
 *
 * @param load is the same function each time; the other properties are those of the view.
 */
export function Later<Props extends object>({ load, ...props }: { load: Load<Props> } & Props) {
  const loading = begun(load);
  useEffect(() => {
    if (loading.error.peek()) void loading.load(); // the person has come back to the view
  }, [loading]);
  const View = loading.value.value?.View as FunctionComponent<object> | undefined;
  if (View) return <View {...props} />;
  if (!loading.error.value) return null;
  return (
    <div class="later card">
      <Failure message={loading.error.value} onRetry={loading.load} />
      {/* A browser may not try again, and an old page may find none of its parts any more. */}
      <button class="plain" onClick={() => location.reload()}>
        {t("Load the page again")}
      </button>
    </div>
  );
}

function begun<Props>(load: Load<Props>): Loading<{ View: unknown }> {
  const known = loadings.get(load);
  if (known) return known;
  const loading = new Loading<{ View: unknown }>(() => persist(async () => ({ View: await load() })));
  loadings.set(load, loading);
  return loading;
}

/** Load views while the browser has nothing else to do, one after the other: they then appear at once. */
export function loadEarly(...loads: Load<never>[]): () => void {
  let stopped = false;
  const idle = globalThis.requestIdleCallback ?? ((task: () => void) => setTimeout(task, 1000)); // Safari
  const next = async () => {
    const load = loads.shift();
    if (!load || stopped) return;
    await load().catch(() => undefined); // it is tried again when it is needed
    idle(() => void next());
  };
  idle(() => void next());
  return () => {
    stopped = true;
  };
}
