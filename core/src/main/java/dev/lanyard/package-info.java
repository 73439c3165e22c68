/**
 * The API for applications: the providers, their status, their explanation and their events.
 *
 * <p>No argument may be null: a method that gets one throws {@link NullPointerException}.
 */
@org.jspecify.annotations.NullMarked
package dev.lanyard;
