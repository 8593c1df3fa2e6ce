/** Commands for a terminal, with a button to copy them. Long lines scroll. */
import './commands.css';
import { CopyButton } from './copy-button.tsx';

export const Commands = ({ text, label }: { text: string; label: string }) => (
  <div className="commands">
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, which the keyboard must reach */}
    <pre tabIndex={0}>{text}</pre>
    <CopyButton text={text} label={label} />
  </div>
);
