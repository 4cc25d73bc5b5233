import { useState } from 'react';
import { queryClient } from '../api.ts';
import { Dialog } from './Dialog.tsx';
import { Failure } from './Failure.tsx';

/** Asks once more before a named object is deleted, and says what goes with it. */
export function DeleteDialog({
  kind,
  name,
  consequence,
  onDelete,
  queryKey,
  onClose,
}: {
  /** What it is, as people call it: sink, channel. */
  readonly kind: string;
  readonly name: string;
  readonly consequence: string;
  readonly onDelete: () => Promise<unknown>;
  /** The list that is asked for again. */
  readonly queryKey: string;
  readonly onClose: () => void;
}) {
  const [error, setError] = useState<unknown>(null);
  const confirm = async () => {
    try {
      await onDelete();
      await queryClient.invalidateQueries({ queryKey: [queryKey] });
      onClose();
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <Dialog title={`Delete ${name}?`} onClose={onClose}>
      {error === null ? null : <Failure error={error} />}
      <p>{consequence}</p>
      <footer>
        <button type="button" className="btn" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="btn danger" onClick={() => void confirm()}>
          Delete the {kind}
        </button>
      </footer>
    </Dialog>
  );
}
