/**
 * What Lanyard found and what went wrong, as data: {@link dev.lanyard.diagnosis.Evidence} says
 * whose credentials a source obtains, {@link dev.lanyard.diagnosis.Problem} why there are none and
 * what to do about it. Texts for people are rendered from these and never read back.
 *
 * <p>No argument may be null unless its type says so: a method that gets one throws {@link
 * NullPointerException}.
 */
@org.jspecify.annotations.NullMarked
package dev.lanyard.diagnosis;
