/** Makes the whole window accept dropped files, under an overlay while they are dragged over it. Folders give all their files. */
import './drop-target.css';
import { useEffect, useState } from 'react';

export function DropTarget({ label, onFiles }: { label: string; onFiles: (files: File[]) => void }) {
  const [dragged, setDragged] = useState(false);
  useEffect(() => {
    const listening = new AbortController();
    const on = (type: 'dragenter' | 'dragover' | 'dragleave' | 'drop', listener: (event: DragEvent) => void) =>
      addEventListener(type, (event) => event.dataTransfer?.types.includes('Files') && listener(event), listening);
    on('dragenter', () => setDragged(true));
    on('dragover', (event) => {
      event.preventDefault();
      event.dataTransfer!.dropEffect = 'copy';
    });
    on('dragleave', ({ relatedTarget }) => relatedTarget === null && setDragged(false));
    on('drop', async (event) => {
      event.preventDefault();
      setDragged(false);
      const files = await filesOf(event.dataTransfer!);
      if (files.length > 0) onFiles(files);
    });
    return () => listening.abort();
  }, [onFiles]);
  return (
    dragged && (
      <div className="drop-target" aria-hidden="true">
        <p>{label}</p>
      </div>
    )
  );
}

async function filesOf({ items, files }: DataTransfer): Promise<File[]> {
  // Entries exist only while the event is being handled.
  const folders = Array.from(items, (item) => item.webkitGetAsEntry()).filter((entry) => entry?.isDirectory);
  if (folders.length === 0) return Array.from(files);
  const plain = Array.from(files).filter(({ name }) => !folders.some((folder) => folder?.name === name));
  return [...plain, ...(await Promise.all(folders.map((folder) => filesUnder(folder!)))).flat()];
}

async function filesUnder(entry: FileSystemEntry): Promise<File[]> {
  // Hidden files that systems put into folders.
  if (entry.name.startsWith('.')) return [];
  if (entry.isFile) return [await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail))];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const files: File[] = [];
  for (;;) {
    // A reader returns some at a time, and none at the end.
    const some = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    if (some.length === 0) return files;
    files.push(...(await Promise.all(some.map(filesUnder))).flat());
  }
}
