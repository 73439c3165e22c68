/**
 * What surrounds Lanyard in its process: {@link dev.lanyard.runtime.Environment}, the settings and
 * files that it may look at, and {@link dev.lanyard.runtime.Time}, its clock, scheduler and
 * threads. Both exist so that tests can replace them.
 *
 * <p>No argument may be null unless its type says so: a method that gets one throws {@link
 * NullPointerException}.
 */
@org.jspecify.annotations.NullMarked
package dev.lanyard.runtime;
