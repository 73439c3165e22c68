/** AWS's clients in other languages get their credentials from the fakes, as in a pod. */
@org.jspecify.annotations.NullMarked
package dev.lanyard.samples.clients;
