/** A modal dialog. The browser keeps the focus in it, and closes it with Escape. */
import './dialog.css';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { dialog } from '../texts/page.ts';

export function Dialog({
  title,
  open,
  onClose,
  closeLabel = dialog.close,
  actions,
  children,
}: {
  title: string;
  open: boolean;
  onClose: () => void;
  closeLabel?: string;
  /** Buttons beside the close button, which has the focus first. */
  actions?: ReactNode;
  children: ReactNode;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const shown = element.current;
    if (!open || !shown) return;
    shown.showModal();
    // Also while its view is hidden: nothing else could be used.
    return () => shown.close();
  }, [open]);
  return (
    <dialog
      ref={element}
      className="dialog"
      aria-labelledby={titleId}
      // Escape closes immediately: the browser's close event comes later, when the dialog may be open again.
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClose={() => element.current?.open === false && onClose()}
    >
      <h2 id={titleId}>{title}</h2>
      {open && children}
      <div className="dialog-actions">
        <button type="button" onClick={onClose}>
          {closeLabel}
        </button>
        {open && actions}
      </div>
    </dialog>
  );
}
