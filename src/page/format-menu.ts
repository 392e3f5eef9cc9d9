/** The choice of a file's format, under the button that asks for it. */
import { EXPORT_FORMATS, type ExportFormat, FORMAT_HINTS, FORMAT_LABELS } from '../export/formats.ts';
import { sentenceCase } from '../story/wording.ts';
import { make } from './browser.ts';

/**
 * Opens the choice at the end of the button's row, or closes it. Escape closes it, too.
 *
 * @param onChoice called with the chosen format, once
 */
export function toggleFormats(button: HTMLButtonElement, onChoice: (format: ExportFormat) => void): void {
  const row = button.closest('.actions')!;
  const open = row.querySelector('.formats');
  const close = (menu: Element) => {
    menu.remove();
    button.ariaExpanded = 'false';
    button.focus();
  };
  if (open) {
    close(open);
    return;
  }
  const menu = make('div', { class: 'group formats', role: 'group', 'aria-label': 'Download as' });
  menu.append(
    make('span', { 'aria-hidden': 'true' }, 'Save as'),
    ...EXPORT_FORMATS.map((format) => {
      const title = sentenceCase(FORMAT_HINTS[format]);
      const choice = make('button', { type: 'button', class: 'action', title }, FORMAT_LABELS[format]);
      choice.addEventListener('click', () => {
        close(menu);
        onChoice(format);
      });
      return choice;
    }),
  );
  menu.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') close(menu);
  });
  row.append(menu);
  button.ariaExpanded = 'true';
  menu.querySelector('button')!.focus();
}
