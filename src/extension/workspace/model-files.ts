import path from 'node:path';
import type * as vscode from 'vscode';
import { WatchedFiles } from './watched-files.ts';

/** What the importers read; a SavedModel is named by its `saved_model.pb`, a TFJS model by its `model.json`. */
export const modelPattern = '**/{*.keras,*.h5,*.hdf5,*.onnx,*.tflite,model.json,saved_model.pb}';
export const recipePattern = '**/*.espalier.{json,jsonc}';

export class ModelFiles extends WatchedFiles {
  constructor() {
    super(modelPattern);
  }
}

export class RecipeFiles extends WatchedFiles {
  constructor() {
    super(recipePattern);
  }
}

export function isRecipe(uri: vscode.Uri): boolean {
  return /\.espalier\.jsonc?$/.test(uri.path);
}

export function isModel(uri: vscode.Uri): boolean {
  return /\.(keras|h5|hdf5|onnx|tflite)$|\/(model\.json|saved_model\.pb)$/.test(uri.path);
}

export function isTflite(uri: vscode.Uri): boolean {
  return uri.path.endsWith('.tflite');
}

/** The path that the importer takes: the folder of a SavedModel. */
export function modelPath(uri: vscode.Uri): string {
  return path.basename(uri.path) === 'saved_model.pb' ? path.dirname(uri.fsPath) : uri.fsPath;
}

/** The label of a model: a `model.json` is named after its folder. */
export function modelLabel(uri: vscode.Uri): string {
  const name = path.basename(uri.path);
  return name === 'model.json' || name === 'saved_model.pb' ? path.basename(path.dirname(uri.path)) : name;
}
