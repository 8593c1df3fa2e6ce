/** Lines for a terminal, to be copied. Long ones scroll in their own region. */
import './commands.css';
import { CopyButton } from './copy-button.tsx';

export const Commands = ({ text, label }: { text: string; label: string }) => (
  <div className="commands">
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, which the keyboard must reach */}
    <pre tabIndex={0}>{text}</pre>
    <CopyButton text={text} label={label} />
  </div>
);
