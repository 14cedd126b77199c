"""`ossmend demo`: the whole story on the built-in simulator, with real SDK clients and the real daemon.

world.py starts the simulator and sets the scene, clients.py are the applications that get refused, story.py tells
what happens and judges whether it came out as it should.
"""

from ossmend.daemon.demo.story import demo

__all__ = ["demo"]
