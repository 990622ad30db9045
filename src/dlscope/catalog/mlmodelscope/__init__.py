"""Model manifests of MLModelScope, converted to those of dlscope.

    original     the fields they have, as they are written
    naming       names, versions and addresses in the forms that dlscope takes
    images       an image input and the steps that its parameters stand for
    answers      outputs by their type
    converting   a whole manifest, and what could not be carried over

Nothing is dropped in silence: what has no place becomes an attribute, what must be decided by
hand a note.
"""
