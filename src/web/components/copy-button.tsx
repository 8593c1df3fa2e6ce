/** Copies a text. The clipboard is not there on pages that came without TLS from another machine: that is said. */
import { useState } from 'react';
import { copy } from '../texts/page.ts';

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [said, say] = useState<string | null>(null);
  const onClick = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say(copy.copied);
    } catch {
      say(copy.failed);
    }
  };
  return (
    <button type="button" aria-label={`${copy.copy}: ${label}`} onClick={onClick} onBlur={() => say(null)}>
      <span aria-live="polite">{said ?? copy.copy}</span>
    </button>
  );
}
