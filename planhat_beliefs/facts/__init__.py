"""The facts that reading shows; a module for each subject, pure decisions without I/O."""
