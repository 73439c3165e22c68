/** The exchange of a web identity token at AWS STS, and role chaining. Not exported: no promise. */
@org.jspecify.annotations.NullMarked
package dev.lanyard.irsa.internal;
