//! Where namespaces are meant to answer otherwise, and why.

crate::compare::differences::differences! {
    NO_SEAL: "seals of single namespaces",
        "There is one seal here: what OpenBao offers for a namespace's own is refused.";
    TAKEN: "mounts where a namespace is",
        "OpenBao may name a mount inside the namespace; we name the namespace, in Vault's words.";
    PATCHED_METADATA: "metadata of namespaces that is no text",
        "Both refuse it; we do not repeat how Go calls what was sent.";
    OTHERS: "refusals of what is another namespace's",
        "OpenBao answers 500 to accessors of other namespaces and to an empty unlock key; what the caller can mend is a 400.";
    CHILDREN: "who a namespace's members may be",
        "OpenBao refuses members of other namespaces with 500; we answer 400.";
}
