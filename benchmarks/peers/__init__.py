"""The peers, a file each: every one trains the same task as its own users would write it at its best."""
