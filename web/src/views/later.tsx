import type { FunctionComponent } from "preact";
import { useMemo } from "preact/hooks";
import { Loading } from "../loading";
import { Failure } from "./failure";

/** A view that is loaded when it is first needed. */
export function Later({ load }: { load: () => Promise<FunctionComponent> }) {
  // In an object, since a signal would not tell a component from a function that makes its value.
  const loading = useMemo(() => new Loading(async () => ({ View: await load() })), [load]);
  const { View } = loading.value.value ?? {};
  if (View) return <View />;
  return loading.error.value ? <Failure message={loading.error.value} onRetry={loading.load} /> : null;
}
