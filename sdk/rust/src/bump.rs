//! The allocator of a component whose instance serves one request and is dropped.
//!
//! It hands out memory from an arena that lies in the component's image, so that a usual request never
//! asks for more pages: growing costs two system calls in the host, which is half of what a call costs.
//! Blocks are of powers of two and are used again when they come back, so that long work (a start, a
//! tick, a list of a million keys) does not fill the memory.
//!
//! JUSTIFICATION: an allocator is unsafe by its trait.
#![allow(unsafe_code, reason = "an allocator is unsafe by its trait")]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::null_mut;

/// Bytes of the arena. Without it a request would begin with growing the memory.
const ARENA_BYTES: usize = 256 * 1024;
/// Smallest block: two pointers of the host's, and aligned for everything in use.
const BLOCK_BYTES_MIN: usize = 16;
const PAGE_BYTES: usize = 64 * 1024;
/// Least pages to grow by.
const GROW_PAGES_MIN: usize = 16;
/// One for each power of two.
const CLASSES: usize = 32;

/// The global allocator; `export_engine!` and `export_method!` set it.
pub struct Bump;

#[repr(align(16))]
struct Arena(UnsafeCell<[u8; ARENA_BYTES]>);

struct State {
    /// Next free byte; 0 before the first use.
    next: usize,
    end: usize,
    /// Heads of lists of free blocks. A free block holds the address of the following one.
    free: [usize; CLASSES],
}

struct Shared(UnsafeCell<State>);

// SAFETY: a component has one thread.
unsafe impl Sync for Arena {}
// SAFETY: a component has one thread.
unsafe impl Sync for Shared {}

static ARENA: Arena = Arena(UnsafeCell::new([0; ARENA_BYTES]));
static STATE: Shared = Shared(UnsafeCell::new(State {
    next: 0,
    end: 0,
    free: [0; CLASSES],
}));

/// Size of the block for a layout, a power of two that is also its alignment up to a page; 0 where
/// there is none.
const fn block_bytes(layout: Layout) -> usize {
    let wanted = if layout.size() > layout.align() {
        layout.size()
    } else {
        layout.align()
    };
    let least = if wanted > BLOCK_BYTES_MIN {
        wanted
    } else {
        BLOCK_BYTES_MIN
    };
    match least.checked_next_power_of_two() {
        Some(bytes) => bytes,
        None => 0,
    }
}

impl State {
    fn take(&mut self, layout: Layout) -> *mut u8 {
        let bytes = block_bytes(layout);
        if bytes == 0 {
            return null_mut();
        }
        let Some(head) = self.free.get_mut(bytes.trailing_zeros() as usize) else {
            return null_mut();
        };
        if *head != 0 {
            let block = *head as *mut usize;
            // SAFETY: a block on the list was given back, is aligned for a word, and holds the address
            // of the next.
            *head = unsafe { block.read() };
            return block.cast();
        }
        self.carve(bytes, layout.align())
    }

    fn carve(&mut self, bytes: usize, align: usize) -> *mut u8 {
        if self.end == 0 {
            self.next = ARENA.0.get() as usize;
            self.end = self.next + ARENA_BYTES;
        }
        let align = if align > BLOCK_BYTES_MIN {
            align
        } else {
            BLOCK_BYTES_MIN
        };
        loop {
            let at = (self.next + align - 1) & !(align - 1);
            match at.checked_add(bytes) {
                Some(end) if end <= self.end => {
                    self.next = end;
                    return at as *mut u8;
                }
                Some(_) if self.grow(bytes + align) => {}
                _ => return null_mut(),
            }
        }
    }

    fn grow(&mut self, bytes: usize) -> bool {
        let wanted = bytes.div_ceil(PAGE_BYTES);
        let pages = if wanted > GROW_PAGES_MIN {
            wanted
        } else {
            GROW_PAGES_MIN
        };
        let before = core::arch::wasm32::memory_grow(0, pages);
        if before == usize::MAX {
            return false;
        }
        let start = before * PAGE_BYTES;
        if start != self.end {
            self.next = start;
        }
        self.end = start + pages * PAGE_BYTES;
        true
    }

    fn give_back(&mut self, pointer: *mut u8, layout: Layout) {
        let bytes = block_bytes(layout);
        if pointer as usize + bytes == self.next {
            self.next = pointer as usize;
            return;
        }
        if let Some(head) = self.free.get_mut(bytes.trailing_zeros() as usize) {
            // SAFETY: the block is ours again, at least 16 bytes long and so aligned.
            unsafe { pointer.cast::<usize>().write(*head) };
            *head = pointer as usize;
        }
    }
}

// SAFETY: blocks are disjoint, as large as asked for and aligned; `realloc` keeps what it must.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: one thread, and nothing below calls back.
        unsafe { &mut *STATE.0.get() }.take(layout)
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: one thread, and nothing below calls back.
        unsafe { &mut *STATE.0.get() }.give_back(pointer, layout);
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller keeps the promises of this trait; `size` is not zero.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        if block_bytes(new) == block_bytes(layout) {
            return pointer;
        }
        // SAFETY: as above.
        let fresh = unsafe { self.alloc(new) };
        if !fresh.is_null() {
            let kept = if size < layout.size() {
                size
            } else {
                layout.size()
            };
            // SAFETY: both blocks have as many bytes, and they are disjoint.
            unsafe { core::ptr::copy_nonoverlapping(pointer, fresh, kept) };
            // SAFETY: the caller gives `pointer` up.
            unsafe { self.dealloc(pointer, layout) };
        }
        fresh
    }
}
