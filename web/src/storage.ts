/** The storage of a tab, with the promises that Amplify expects. */
export class KeyValueStorage {
  constructor(private readonly storage: Storage) {}

  async setItem(key: string, value: string): Promise<void> {
    this.storage.setItem(key, value);
  }

  async getItem(key: string): Promise<string | null> {
    return this.storage.getItem(key);
  }

  async removeItem(key: string): Promise<void> {
    this.storage.removeItem(key);
  }

  async clear(): Promise<void> {
    this.storage.clear();
  }
}
