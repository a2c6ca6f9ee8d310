//! Components as they were built once, held against the host of today (`tests/components`): a change
//! of the contract that they do not survive is found here, before an operator finds it.
