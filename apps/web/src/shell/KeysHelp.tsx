import { useState } from 'react';
import { Dialog } from '../components/Dialog.tsx';
import { areKeysOn, switchKeys } from './use-keys.ts';

const keys: readonly (readonly [string, string])[] = [
  ['/', 'Search monitors'],
  ['g o', 'Overview'],
  ['g m', 'Monitors'],
  ['g e', 'Explore'],
  ['g y', 'System'],
  ['g ,', 'Settings'],
  ['j k', 'Next and previous row'],
  ['Enter', 'Open'],
  ['Esc', 'Close'],
  ['[ ]', 'Earlier and later'],
  ['+ -', 'Zoom the time in and out'],
  ['l', 'Back to live'],
  ['?', 'This help'],
];

export function KeysHelp({ onClose }: { readonly onClose: () => void }) {
  const [isOn, setOn] = useState(areKeysOn);
  return (
    <Dialog title="Keys" onClose={onClose}>
      <div className="keys">
        {keys.map(([key, what]) => (
          <div key={key} style={{ display: 'contents' }}>
            <kbd>{key}</kbd>
            <span>{what}</span>
          </div>
        ))}
      </div>
      <label className="check" style={{ marginTop: 16 }}>
        <input
          type="checkbox"
          checked={isOn}
          onChange={(event) => {
            switchKeys(event.target.checked);
            setOn(event.target.checked);
          }}
        />
        Single keys do this
      </label>
      <footer>
        <button type="button" className="btn" onClick={onClose}>
          Close
        </button>
      </footer>
    </Dialog>
  );
}
