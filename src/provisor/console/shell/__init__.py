"""What every page has around it: navigation, theme, what needs a person, live parts, the palette, undo."""
