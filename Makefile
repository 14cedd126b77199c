# For those whose fingers type make: the launcher does the work.
.PHONY: demo test bench
demo test bench:
	./ossmend $@
