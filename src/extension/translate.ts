import * as vscode from 'vscode';
import type { Translate } from '../shared/drawing/translate.ts';

/** Into the language of the editor. */
export const translate: Translate = (message, ...values) => vscode.l10n.t(message, ...values);
