/** The quickstart: a pod's credentials, from its environment to a signed request. */
@NullMarked
package dev.lanyard.samples.quickstart;

import org.jspecify.annotations.NullMarked;
