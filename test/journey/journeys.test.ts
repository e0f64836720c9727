/** All journeys share one editor, which takes long to install and to start; each has a folder of its own. */
import { afterAll, beforeAll } from 'vitest';
import { Editor } from './editor.ts';
import { newUser } from './new-user.ts';
import { pytorchUser } from './pytorch-user.ts';
import { returningUser } from './returning-user.ts';

let editor: Editor;

beforeAll(async () => {
  editor = await Editor.open();
});
afterAll(async () => {
  await editor?.screenshot('last');
  await editor?.close();
});

const opened = (): Editor => editor;
pytorchUser(opened);
newUser(opened);
returningUser(opened);
