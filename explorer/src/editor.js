// An editor in a shadow tree: there, CodeMirror puts its styles into sheets instead of elements, which the page does not allow.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, Transaction } from "@codemirror/state";
import { EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/// So many marks are told apart; more would only slow the editor down.
const MAX_MARKS = 500;

// The variables are those of the page, in both colour schemes.
const colours = HighlightStyle.define([
  { tag: tags.comment, color: "var(--soft)" },
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--key)" },
  { tag: [tags.string, tags.content], color: "var(--ink)" },
  { tag: tags.special(tags.string), color: "var(--string)" },
  { tag: [tags.meta, tags.separator, tags.punctuation, tags.squareBracket, tags.brace], color: "var(--soft)" },
]);

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", color: "var(--ink)", backgroundColor: "var(--surface)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
  ".cm-content": { padding: "10px 0", caretColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--soft)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { paddingLeft: "10px" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--active)" },
  ".cm-content ::selection, .cm-content::selection": { backgroundColor: "var(--selection)" },
  ".cm-selectionMatch": { backgroundColor: "var(--active)" },
  ".cm-matchingBracket": { backgroundColor: "var(--selection) !important" },
  ".cm-tooltip, .cm-panels": { backgroundColor: "var(--raised)", color: "var(--ink)", borderColor: "var(--line)" },
  ".cm-tooltip": { maxWidth: "min(32rem, 80vw)", borderRadius: "6px", boxShadow: "var(--shadow)" },
  ".cm-diagnostic": { fontFamily: "var(--sans)", lineHeight: "1.45", padding: "8px 12px" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--error)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warning)" },
  ".cm-lintRange-error": { background: "none", textDecoration: "underline wavy var(--error) 1px", textUnderlineOffset: "3px" },
  ".cm-lintRange-warning": { background: "none", textDecoration: "underline wavy var(--warning) 1px", textUnderlineOffset: "3px" },
  ".cm-lint-marker": { width: "9px", height: "9px", borderRadius: "50%", marginTop: "5px", content: "none" },
  ".cm-lint-marker-error": { backgroundColor: "var(--error)" },
  ".cm-lint-marker-warning": { backgroundColor: "var(--warning)" },
  ".cm-textfield, .cm-button": { backgroundImage: "none", backgroundColor: "var(--surface)", color: "var(--ink)", borderColor: "var(--line)" },
});

/// Where a selection is typed over, browsers would keep its looks as inline styles, which the page does not allow.
const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { state } = view;
    if (event.inputType !== "insertText" || event.data === null || state.selection.main.empty || view.composing) return false;
    view.dispatch(state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

export class Editor {
  #view;

  constructor(host, label, onChange) {
    const root = host.attachShadow({ mode: "open" });
    this.#view = new EditorView({
      root,
      parent: root,
      extensions: [
        lineNumbers(),
        lintGutter(),
        highlightActiveLineGutter(),
        highlightActiveLine(),
        highlightSpecialChars(),
        history(),
        indentOnInput(),
        bracketMatching(),
        highlightSelectionMatches(),
        search({ top: true }),
        yaml(),
        syntaxHighlighting(colours),
        typeOver,
        theme,
        EditorState.tabSize.of(2),
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", autocapitalize: "off" }),
        // Tab moves on to the next element of the page.
        keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...lintKeymap]),
        EditorView.updateListener.of((update) => update.docChanged && onChange()),
      ],
    });
  }

  get text() {
    return this.#view.state.doc.toString();
  }

  /// Replaces what differs; it can be undone.
  set text(text) {
    const old = this.text;
    let start = 0;
    const shorter = Math.min(old.length, text.length);
    while (start < shorter && old[start] === text[start]) start++;
    let end = 0;
    while (end < shorter - start && old[old.length - 1 - end] === text[text.length - 1 - end]) end++;
    const changes = { from: start, to: old.length - end, insert: text.slice(start, text.length - end) };
    this.#view.dispatch({ changes, annotations: Transaction.userEvent.of("input.replace") });
  }

  /// Marks places: { line, column, isError, source, text }.
  mark(marks) {
    const diagnostics = marks.slice(0, MAX_MARKS).map(({ line, column, isError, source, text }) => {
      const { from, to } = this.#place(line, column);
      return { from, to, severity: isError ? "error" : "warning", source, message: text };
    });
    this.#view.dispatch(setDiagnostics(this.#view.state, diagnostics));
  }

  /// Puts the cursor at a place.
  goTo(line, column) {
    const { from } = this.#place(line, column);
    this.#view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
    this.#view.focus();
  }

  measure() {
    this.#view.requestMeasure();
  }

  #place(line, column) {
    const { doc } = this.#view.state;
    const { from, text } = doc.line(Math.max(1, Math.min(line, doc.lines)));
    // Columns count characters; the editor counts UTF-16 units.
    const before = [...text].slice(0, column - 1).join("").length;
    return { from: from + before, to: from + Math.max(before, text.trimEnd().length) };
  }
}
