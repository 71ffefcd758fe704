export interface DrawSettings {
  seed: number;
  perClass: number;
}
export async function drawPhotograph(_root: string, _index: number, _settings: DrawSettings): Promise<void> {}
export async function drawTree(
  _root: string,
  _settings: DrawSettings,
  _workers: number,
  _onProgress: (done: number, total: number) => void,
): Promise<void> {}
