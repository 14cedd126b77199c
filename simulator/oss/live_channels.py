"""Turns requests about live channels into a bucket's channels. Nothing is ever pushed to one: each stays idle.

oss2's suite deletes all channels of a bucket after each of its tests, so that without their list none of them passes.
"""

from __future__ import annotations

from dataclasses import replace

from ossmend.simulator.oss import permit, refusals, xml
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.service import XML, page_size
from ossmend.simulator.state import LiveChannel
from ossmend.simulator.wire import Refusal, Response, iso_date

_STATES = ("enabled", "disabled")
_DEFAULTS = (("FragDuration", "5", 100), ("FragCount", "3", 100))


def _answer(root: str, *children: str) -> Response:
    return Response(200, dict(XML), xml.document(root, children))


def _channel(call: Call) -> LiveChannel:
    channel = call.bucket.live_channels.get(call.key)
    if channel is None:
        raise Refusal(
            404,
            "NoSuchLiveChannel",
            "The specified live channel does not exist.",
            "0044-00000001",  # ours
            [("LiveChannel", call.key)],
        )
    return channel


def _urls(call: Call, name: str, channel: LiveChannel) -> str:
    """Where it is pushed to and played from, at the endpoint that the client knows."""
    host = call.request.host if call.in_host else f"{call.bucket_name}.{call.request.host}"
    push, play = f"rtmp://{host}/live/{name}", f"http://{host}/{name}/{channel.playlist}"
    return xml.group("PublishUrls", xml.element("Url", push)) + xml.group("PlayUrls", xml.element("Url", play))


def _state(text: str) -> str:
    if text not in _STATES:
        raise refusals.invalid_argument("The status of a live channel is enabled or disabled.", "status", text)
    return text


def _target(document: xml.Node) -> tuple[str, str, str]:
    """Seconds and number of fragments, and the name of the playlist."""
    target = document.first("Target")
    if target is None or target.value("Type") != "HLS":
        raise refusals.invalid_argument("The Type of a live channel's target is HLS.", "Type", "")
    numbers = []
    for name, default, most in _DEFAULTS:
        text = target.value(name) or default
        if not text.isascii() or not text.isdigit() or len(text) > 3 or not 1 <= int(text) <= most:
            raise refusals.invalid_argument(f"{name} must be from 1 to {most}.", name, text)
        numbers.append(text)
    playlist = target.value("PlaylistName") or "playlist.m3u8"
    if not playlist.endswith(".m3u8") or "/" in playlist or len(playlist) > 128:
        raise refusals.invalid_argument("The PlaylistName must end with .m3u8.", "PlaylistName", playlist)
    return numbers[0], numbers[1], playlist


@operation("PUT", "object", "live", name="PutLiveChannel", action="none")
def put_live_channel(call: Call) -> Response:
    """Make a channel, or with `status` switch one on or off."""
    if "status" in call.query:
        permit.require(call, "oss:PutLiveChannelStatus", call.bucket, call.key)
        call.bucket.live_channels[call.key] = replace(_channel(call), status=_state(call.query["status"]))
        return Response(200)
    permit.require(call, "oss:PutLiveChannel", call.bucket, call.key)
    document = xml.parse(call.request.body, "LiveChannelConfiguration")
    duration, count, playlist = _target(document)
    status = _state(document.value("Status") or "enabled")
    channel = LiveChannel(document.value("Description"), status, duration, count, playlist, call.now)
    call.bucket.live_channels[call.key] = channel
    return _answer("CreateLiveChannelResult", _urls(call, call.key, channel))


@operation("GET", "object", "live", name="GetLiveChannel", action="none")
def get_live_channel(call: Call) -> Response:
    """The channel, or with `comp` its state, or who pushed to it: nobody."""
    about = call.query.get("comp")
    action = {None: "Info", "stat": "Stat", "history": "History"}.get(about)
    if action is None:
        raise refusals.invalid_argument("The comp of a live channel is stat or history.", "comp", about or "")
    permit.require(call, f"oss:GetLiveChannel{action.removeprefix('Info')}", call.bucket, call.key)
    channel = _channel(call)
    if about == "stat":
        return _answer("LiveChannelStat", xml.element("Status", "Idle" if channel.status == "enabled" else "Disabled"))
    if about == "history":
        return _answer("LiveChannelHistory")
    return _answer(
        "LiveChannelConfiguration",
        xml.element("Description", channel.description),
        xml.element("Status", channel.status),
        xml.group(
            "Target",
            xml.element("Type", "HLS"),
            xml.element("FragDuration", channel.fragment_seconds),
            xml.element("FragCount", channel.fragments),
            xml.element("PlaylistName", channel.playlist),
        ),
    )


@operation("DELETE", "object", "live", name="DeleteLiveChannel")
def delete_live_channel(call: Call) -> Response:
    call.bucket.live_channels.pop(call.key, None)
    return Response(204)


@operation("GET", "bucket", "live", name="ListLiveChannel")
def list_live_channel(call: Call) -> Response:
    """In order of their names, page by page."""
    prefix, marker, limit = call.query.get("prefix", ""), call.query.get("marker", ""), page_size(call)
    channels = call.bucket.live_channels
    names = [name for name in sorted(channels) if name.startswith(prefix) and name > marker]
    truncated = len(names) > limit
    children = [
        xml.element("Prefix", prefix),
        xml.element("Marker", marker),
        xml.element("MaxKeys", str(limit)),
        xml.element("IsTruncated", xml.flag(truncated)),
        xml.element("NextMarker", names[limit - 1] if truncated else ""),
    ]
    children += [_listed(call, name, channels[name]) for name in names[:limit]]
    return _answer("ListLiveChannelResult", *children)


def _listed(call: Call, name: str, channel: LiveChannel) -> str:
    return xml.group(
        "LiveChannel",
        xml.element("Name", name),
        xml.element("Description", channel.description),
        xml.element("Status", channel.status),
        xml.element("LastModified", iso_date(channel.modified)),
        _urls(call, name, channel),
    )


@operation("POST", "object", "vod", name="PostVodPlaylist")
@operation("GET", "object", "vod", name="GetVodPlaylist")
def vod_playlist(call: Call) -> Response:
    """A playlist of what was pushed; as nothing was, there is none to make."""
    call.key = call.key.rpartition("/")[0] if call.request.method == "POST" else call.key
    _channel(call)
    raise refusals.invalid_argument(
        "No ts file found in specified time span.", "startTime", call.query.get("startTime", "")
    )
