import './manifest.test.ts';
import './run.test.ts';
import './followed-runs.test.ts';
import './result-panel.test.ts';
import './sidebar.test.ts';
import './questions.test.ts';
import './recipe-editor.test.ts';
import './tflite-editor.test.ts';
