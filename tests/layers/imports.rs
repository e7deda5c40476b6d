//! What a source file imports from its own crate, and which modules it declares.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// A path into some module, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    /// Where.
    pub(crate) line: usize,
    /// The module that it stands in.
    pub(crate) module: Vec<String>,
    /// Its names, `crate`, `self` and `super` among them.
    pub(crate) names: Vec<String>,
}

/// A module that a file declares: `mod name;`, or `mod name { ... }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Declared {
    /// From the root of the crate.
    pub(crate) path: Vec<String>,
    /// Whether it stands in the file itself.
    pub(crate) is_inline: bool,
}

/// What a file imports and declares. What is only compiled for tests counts for nothing.
#[derive(Debug)]
pub(crate) struct Reader {
    module: Vec<String>,
    pub(crate) written: Vec<Written>,
    pub(crate) declared: Vec<Declared>,
}

impl Reader {
    /// Reads the text of a file, which is that module.
    pub(crate) fn read(text: &str, module: &[String]) -> syn::Result<Self> {
        let mut reader = Self { module: module.to_vec(), written: Vec::new(), declared: Vec::new() };
        reader.visit_file(&syn::parse_file(text)?);
        Ok(reader)
    }

    fn add(&mut self, line: usize, names: &[String]) {
        self.written.push(Written { line, module: self.module.clone(), names: names.to_vec() });
    }

    /// Adds every path of a tree of imports.
    fn add_tree(&mut self, tree: &syn::UseTree, above: &[String]) {
        let with = |ident: &syn::Ident| [above, &[ident.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.add_tree(&path.tree, &with(&path.ident)),
            syn::UseTree::Name(name) => self.add(name.ident.span().start().line, &with(&name.ident)),
            syn::UseTree::Rename(name) => self.add(name.ident.span().start().line, &with(&name.ident)),
            syn::UseTree::Glob(glob) => self.add(glob.star_token.span.start().line, above),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_tree(tree, above)),
        }
    }

    /// Adds the paths in the tokens of a macro, whose grammar is its own.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut names: Vec<String> = Vec::new();
        let (mut line, mut colons) = (0, 0);
        for token in tokens {
            let continues = colons == 2;
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Ident(ident) => {
                    if !continues {
                        self.add_inline(line, &std::mem::take(&mut names));
                        line = ident.span().start().line;
                    }
                    names.push(ident.to_string());
                    colons = 0;
                }
                other => {
                    self.add_inline(line, &std::mem::take(&mut names));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.add_tokens(group.stream());
                    }
                }
            }
        }
        self.add_inline(line, &names);
    }

    /// Adds a path in code; a single name is a variable, or was imported.
    fn add_inline(&mut self, line: usize, names: &[String]) {
        if names.len() > 1 {
            self.add(line, names);
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if is_for_tests(&item.attrs) {
            return;
        }
        let path = [self.module.as_slice(), &[item.ident.to_string()]].concat();
        self.declared.push(Declared { path: path.clone(), is_inline: item.content.is_some() });
        let outer = std::mem::replace(&mut self.module, path);
        visit::visit_item_mod(self, item);
        self.module = outer;
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if item.leading_colon.is_none() && !is_for_tests(&item.attrs) {
            self.add_tree(&item.tree, &[]);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none()
            && let Some(first) = path.segments.first()
        {
            let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.add_inline(first.ident.span().start().line, &names);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.add_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    /// `pub(in path)` imports nothing.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}
}

/// Whether an item is compiled for tests alone.
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let condition = attribute.meta.require_list().map(|list| list.tokens.to_string());
        attribute.path().is_ident("cfg") && condition.is_ok_and(|condition| condition == "test")
    })
}
