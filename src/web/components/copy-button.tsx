/** Copies a text. Pages that came without TLS from another machine have no clipboard: then the button says that copying failed. */
import { useState } from 'react';
import { copy } from '../texts/page.ts';

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [result, setResult] = useState<string | null>(null);
  const onClick = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setResult(copy.copied);
    } catch {
      setResult(copy.failed);
    }
  };
  return (
    <button type="button" aria-label={`${copy.copy}: ${label}`} onClick={onClick} onBlur={() => setResult(null)}>
      <span aria-live="polite">{result ?? copy.copy}</span>
    </button>
  );
}
