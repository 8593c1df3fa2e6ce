/** A button that asks the system for files. */
import { type ReactNode, useRef } from 'react';

export function FileButton({
  children,
  onFiles,
  inputLabel,
  multiple = false,
  accept,
  className,
  title,
}: {
  children: ReactNode;
  onFiles: (files: FileList) => void;
  inputLabel?: string;
  multiple?: boolean;
  accept?: string;
  className?: string;
  title?: string;
}) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" className={className} title={title} onClick={() => input.current?.click()}>
        {children}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple={multiple}
        accept={accept}
        aria-label={inputLabel}
        onChange={({ currentTarget }) => {
          if (currentTarget.files) onFiles(currentTarget.files);
          // So that the same file, perhaps fixed, can be chosen again.
          currentTarget.value = '';
        }}
      />
    </>
  );
}
