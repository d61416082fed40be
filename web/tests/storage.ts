/** A storage without a limit, with its keys as properties, as in a browser. */
export function storageOf(entries: Record<string, string> = {}): Storage {
  const methods = {
    getItem: (key: string) => entries[key] ?? null,
    setItem: (key: string, value: string) => void (entries[key] = value),
    removeItem: (key: string) => void delete entries[key],
  };
  return new Proxy(entries, { get: (_, name) => methods[name as keyof typeof methods] ?? entries[name as string] }) as never;
}
