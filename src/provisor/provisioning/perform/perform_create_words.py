"""What a person is told where a resource can be neither created nor linked, and what to do."""

SEVERAL = "The application has {count} accounts whose {path} is {value}. A person must say which one it is; nothing is written until then."
BY_EMAIL = (
    "The application has an account with the e-mail address {value} (id {id}). An address alone never links an account "
    "by itself, since addresses are given to others: link it by hand, or exclude the user."
)
NOT_PROVED = (
    "A creation had no outcome, and the application has an account with the same {path}, {value} (id {id}). "
    "Neither its {names} is what was sent, so it may be somebody else's: find out whose it is, then link it by hand, "
    "or take it away there."
)
TAKEN = (
    "The application's account {id} has the {path} {value}, but it is linked already to {holder}. "
    "Unlink that one first, or give one of the two another {path}."
)
EXISTS = (
    "The application says that it exists already ({status}), but no account with the same {paths} is to be found: "
    "{detail} Find it there by hand and link it, or give the user another value."
)
NO_ID = (
    "The application confirmed the creation without an id, and no account with the same {paths} is to be found. "
    "Nothing is created a second time: find it there by hand and link it."
)
SAME_ID = (
    "The application answered the creation with the id {id}, but that one is linked already to {holder}. "
    "An id that is given twice cannot be written to; find the new account there by hand and link it."
)
NOT_THERE = (
    "The application answered the creation with success and the id {id}, but nothing is there under that id, and "
    "nothing with the same {paths} is to be found. Nothing is created a second time: look there what became of it, "
    "then link it by hand."
)
NO_GROUPS = "Creating a group was answered with {post}, and listing groups with {get}"
NOTHING_TO_ASK = (
    "A creation had no outcome, and it is not known any more by which {paths} to look for it. "
    "Find it there by hand, and take it away or link it."
)
