import { expect, test } from "vitest";
import { positionIn, positionText } from "../src/positions";

test.each([
  ["52.5, 13.4", 52.5, 13.4],
  ["52.5,13.4", 52.5, 13.4],
  ["  52.5 13.4 ", 52.5, 13.4],
  ["52,5; 13,4", 52.5, 13.4],
  ["52,5 13,4", 52.5, 13.4],
  ["52,5, 13,4", 52.5, 13.4],
  ["52, 13", 52, 13],
  ["52.5° 13.4°", 52.5, 13.4],
  ["-33.8568, 151.2153", -33.8568, 151.2153],
  ["−33.8568 / +151.2153", -33.8568, 151.2153],
  ["0, 0", 0, 0],
  ["90, -180", 90, -180],
  ["52.123456789, 13.4", 52.123457, 13.4],
  [`52°31'12"N 13°24'18"E`, 52.52, 13.405],
  [`52° 31′ 12.0″ N, 13° 24′ 18.0″ E`, 52.52, 13.405],
  [`13°24’18”E 52°31’12”N`, 52.52, 13.405],
  [`33°51'24"S 151°12'55"E`, -33.856667, 151.215278],
  [`N 52° 31.2' E 13° 24.3'`, 52.52, 13.405],
  [`n52 31 12 w13 24 18`, 52.52, -13.405],
  ["52.5N 13.4W", 52.5, -13.4],
  ["52.5° N, 13.4° E", 52.5, 13.4],
  [`-33°51'24" 151°12'55"`, -33.856667, 151.215278],
  [`-0°30' 0°30'`, -0.5, 0.5],
  ["geo:52.5,13.4?z=12", 52.5, 13.4],
  ["https://www.openstreetmap.org/?mlat=52.5&mlon=13.4#map=14/1/2", 52.5, 13.4],
  ["https://www.openstreetmap.org/#map=14/52.5/13.4", 52.5, 13.4],
  ["https://www.google.com/maps/place/X/@52.5,13.4,15z/data=!3m1!3d52.52!4d13.405", 52.52, 13.405],
  ["https://www.google.com/maps/@52.5,13.4,15z", 52.5, 13.4],
  ["https://maps.apple.com/?ll=52.5,13.4&q=Pin", 52.5, 13.4],
])("%s is a position", (text, latitude, longitude) => {

  expect(positionIn(text)).toEqual({ latitude, longitude });
});

test.each(["", "Berlin", "52.5", "91, 0", "0, 181", "52°61'N 13°E", "52N 13N", "52.5, 13.4, 100", "1e3, 4", "52.5.1, 13", "NaN, NaN"])(
  "%s is none",
  (text) => {
    expect(positionIn(text)).toBeUndefined();
  },
);

test("a position is written as it is read", () => {
  const position = { latitude: -33.856667, longitude: 151.215278 };

  expect(positionIn(positionText(position))).toEqual(position);
});
