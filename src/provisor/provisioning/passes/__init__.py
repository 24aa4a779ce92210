"""One pass over the due links of one application: claim, plan, settle (engine.md, sections 3 and 4)."""
