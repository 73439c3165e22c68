/** What an application uses: the providers, their status, their explanation and their events. */
@org.jspecify.annotations.NullMarked
package dev.lanyard;
